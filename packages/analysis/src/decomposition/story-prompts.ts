/**
 * Beginnings of stories with a sure next word that depends on the words before it: the first characters of lines of
 * models/stories-15m/reference.txt, whose numbers (line from 0, characters) stand beside each.
 */
export const STORY_PROMPTS: readonly string[] = [
  // 3, 132
  "Once upon a time, there was a big gorilla. The gorilla was very tall and strong. He lived in a jungle with his friends. One day, the",
  // 23, 173
  "Once upon a time, there was a jolly cat named Tom. Tom loved to play with his favorite toy, a shiny ornament. He would chase it around the house all day long. One sunny day,",
  // 28, 125
  "Once upon a time, there was a big red bus. It was very clean and had lots of seats. One day, a little girl wanted to ride the",
  // 31, 86
  "Once upon a time, there was a little boy named Timmy. Timmy had a big, brown dog named",
  // 34, 134
  'One day, a boy named Tim went to the park with his mom. He saw a swing and wanted to play on it. Tim asked his mom, "Can I play on the',
  // 37, 139
  "One day, a little squirrel named Sam was looking for food. He saw a huge nut under a big tree. Sam was very happy. He started to unpack the",
  // 39, 204
  "Once upon a time, there was a boy named Tim. Tim had a red wagon. He loved to play with his wagon every day. Tim thought his wagon was very reliable. It always helped him when he needed it. One sunny day,",
  // 45, 84
  "Once upon a time, there was a poor cat. The cat lived in a small house. One day, the",
  // 55, 128
  "Once upon a time, there was a clever mouse named Max. Max loved to explore new places and find new things to play with. One day,",
  // 59, 194
  "Once upon a time, there was a dog named Spot. Spot had a flea friend named Luna. Luna liked to run and play, but she was very naughty. She would always try to take Spot's food. One day, Luna and",
  // 62, 199
  "Once upon a time, there was a little boy named Tim. Tim had a friend named Sam. They liked to play with blocks and build tall towers. One day, Tim and Sam decided to build a tall tower with all their",
  // 65, 194
  "Once upon a time, there was a cute dog. The dog had a toy in its mouth. It was his toy. He loved to play with it every day. The dog liked to run and jump all day. He was very happy. One day, the",
];
