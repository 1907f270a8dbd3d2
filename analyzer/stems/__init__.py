"""Stems: sound shared out to voice and instruments by the networks of Spleeter."""
