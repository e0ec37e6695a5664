"""What a Celery message must be to be run (§10.4): its envelope for kombu, its content for Celery."""
