"""Long work in processes of its own: started, watched and cancelled, whoever closes the browser."""
