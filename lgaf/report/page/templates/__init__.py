"""The page's templates, style and script, and how the templates are filled."""
