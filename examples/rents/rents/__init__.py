"""What rent may a flat ask for?"""
