-- JSON carries text only: words that are not text come as hexadecimal digits.
for index = 1, #ARGV do
  ARGV[index] = string.gsub(ARGV[index], '..', function(digits) return string.char(tonumber(digits, 16)) end)
end
