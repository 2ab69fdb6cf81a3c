"""What every template may say beyond Django's own tags. They are loaded everywhere."""
