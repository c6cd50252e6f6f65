"""What templates of usage need besides Django's."""
