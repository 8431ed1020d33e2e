# count_instructions.py - fails if the PTX of stdin has more instructions than it may, or none.
#
#   tkc k.tk --emit=ptx -o - | count_instructions.py 6000
import re
import sys

limit = int(sys.argv[1])
count = sum(1 for line in sys.stdin if re.match(r"\s+(@!?%p\d+ )?[a-z][\w.:]*\s.*;$", line))
print("%d instructions" % count)
sys.exit(not 0 < count <= limit)
