"""Sets of images of one person against each other (IJB-B, IJB-C): pooling, trials and rates."""
