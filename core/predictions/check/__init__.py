"""Before scoring: does the file fit the model?"""
