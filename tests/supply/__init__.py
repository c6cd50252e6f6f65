"""What a release is made of, and accompanied by."""
