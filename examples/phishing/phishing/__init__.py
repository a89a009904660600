"""Is a web page phishing?"""
