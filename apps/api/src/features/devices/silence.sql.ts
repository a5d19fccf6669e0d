// Of `d` device, `a` its assignment of this moment, if any, and `h` its health, if any.

/** When a device in use was last heard of, or could first have been: its use, or it, was changed then. */
export const heardOf = 'greatest(h.last_seen_at, lower(a.valid), a.created_at, d.updated_at)';

export const isSilent = `(d.status = 'active' and a.id is not null
  and ${heardOf} < now() - d.silent_after_seconds * interval '1 second')`;

/** Of the readings since midnight UTC. */
export const rejectRate = `case when h.counted_on = (now() at time zone 'UTC')::date
  then h.rejected::float8 / nullif(h.accepted + h.rejected, 0) end`;
