"""The sync network's training: lips and speech that belong together against those that do not."""
