"""What licences cost: by the administrator's own price tiers; never in two currencies at once."""
