"""What-if: recorded demand, replayed through the product's own rules with other licences and other times."""
