"""Training: one loop whose state resumes exactly; motion, mouth and sync network are its tasks."""
