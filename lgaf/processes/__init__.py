"""Several processes at one task: started, joined, asked, ended."""
