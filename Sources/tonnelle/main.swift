print("tonnelle")
