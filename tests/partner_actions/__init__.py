"""Actions of a partner, written as Rasa's documentation shows them, knowing nothing of Ventanilla."""
