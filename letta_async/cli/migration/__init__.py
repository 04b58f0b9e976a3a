"""The command `migrate`: a codemod from the official client to this package. It needs libcst, of the extra `cli`.

`command` shows the diff and writes; `files` walks folders and replaces files; `source` decodes text and applies edits.
`program` migrates one program: `uploaded` finds what runs on the server, `imports` changes imports and `strings`
annotations, `clients` knows which expressions are clients, `calls` renames their methods and keywords, and `findings`
collects edits and notes. `tree` is the syntax tree, `renames` has the names as tables, `surface` what this package has.
`mentions` finds the official client in files that are no programs.
"""
