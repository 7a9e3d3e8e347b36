"""What covers a part of a face: masks, scarves, sunglasses, hats, hands, bars, shade."""
