"""What a trained LGAF looks at: the visibility and each head's attention over sample faces, as a picture."""
