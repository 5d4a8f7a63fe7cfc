// Package tools pins the programs of a real node, and of what runs on every cluster: go.mod's tool lines. It is a module
// of its own, because their libraries of Kubernetes are older than those of the programs in ../go.
package tools
