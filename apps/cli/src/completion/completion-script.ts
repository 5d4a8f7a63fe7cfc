/** Each script gets from the program the words that may stand at the cursor: `value<tab>description` lines. */
const scripts = {
  bash: `# runos completion: eval "$(runos completion bash)"
_runos() {
  local value
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    COMPREPLY+=("$value")
  done < <(runos __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _runos runos
`,
  zsh: `#compdef runos
# runos completion: eval "$(runos completion zsh)", after compinit
_runos() {
  local value about
  local -a items
  while IFS=$'\\t' read -r value about; do
    items+=("\${value//:/\\\\:}\${about:+:$about}")
  done < <(runos __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#items} )); then _describe -V runos items; else _files; fi
}
compdef _runos runos
`,
  fish: `# runos completion: runos completion fish | source
function __runos_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  runos __complete $before[2..-1] "$current" 2>/dev/null
end
complete -c runos -e
complete -c runos -f -a '(__runos_complete)'
`,
} as const;

export type Shell = keyof typeof scripts;
export const shells = Object.keys(scripts) as Shell[];
export const completionScript = (shell: Shell): string => scripts[shell];
