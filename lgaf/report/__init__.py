"""Tables, plots, published numbers and the regression gate. Nothing here imports torch."""
