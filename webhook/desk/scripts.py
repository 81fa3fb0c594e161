"""The script by which an advisor, or the sweeper, changes a ticket."""

from webhook.store.scripts import Script
from webhook.store.tickets import WRITE_TICKET

# KEYS  1 ticket · 2 the person's tickets · 3 open · 4 closed · 5 changes · 6 session · 7 outbox · 8 due
# ARGV  1 how often the ticket had been changed when it was read · 2 mark of a nonce, '' for none
#       · 3 session: keep, check or write · 4 session read · 5 session · 6 session ttl, s, 0 for no change · 7 person
#       · 8 due at, s
#       · 9 outbox entries (number) · 10… outbox entries · then the change (see `webhook/store/tickets.py`)
# A ticket is changed from what was read, or not at all: every change of it counts, by whomever. What bears a nonce is
# done once. A session that is looked at must be what was read.
DESK_COMMIT = Script(
    WRITE_TICKET
    + """
if ARGV[2] ~= '' and redis.call('HEXISTS', KEYS[1], 'o' .. ARGV[2]) == 1 then return 'done' end
local change = 10 + tonumber(ARGV[9])
local why = ticket_refuses(1, change)
if why then return why end
local found = redis.call('HMGET', KEYS[1], 'rev', 'person')
if found[1] ~= ARGV[1] or found[2] ~= ARGV[7] then return 'conflict' end
if ARGV[3] ~= 'keep' and (redis.call('GET', KEYS[6]) or '') ~= ARGV[4] then return 'conflict' end

if ARGV[3] == 'write' then
  redis.call('SET', KEYS[6], ARGV[5], 'EX', ARGV[6])
elseif ARGV[3] == 'check' and ARGV[6] ~= '0' then
  redis.call('EXPIRE', KEYS[6], ARGV[6])
end
for i = 10, change - 1 do redis.call('RPUSH', KEYS[7], ARGV[i]) end
if change > 10 then redis.call('ZADD', KEYS[8], 'NX', ARGV[8], ARGV[7]) end
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'o' .. ARGV[2], 1) end
write_ticket(1, change)
return 'committed'
"""
)
