"""A generated world of faces: 3D heads rendered as whole photographs, of which everything is known."""
