#!/usr/bin/env node
// npm links this file at the installation, when nothing is compiled yet.
import '../dist/main.js';
