"""An edit for other programs: changed spans and a timeline, patches with mattes, words, sound."""
