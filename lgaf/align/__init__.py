"""From photos to aligned face crops: detector, five points, similarity warp."""
