"""Ten thousand Jobs in flight: what they cost the controller, and how soon it sees a change."""
