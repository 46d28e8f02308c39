"""Commands to look with and to hand on: one module each, its docstring the help. The stages are in lgaf/stages."""
