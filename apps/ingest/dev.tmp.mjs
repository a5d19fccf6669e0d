// provisions a hospital with devices; prints a gateway key
import { withOwner, provisionHospital } from '@hms/database';
import { newGatewayKey, formatGatewayKey, hashSecret } from '@hms/auth';
import { uuidv7 } from 'uuidv7';
const [slug, n] = [process.argv[2], Number(process.argv[3] ?? 100)];
await withOwner(process.env.DATABASE_DIRECT_URL, async (o) => {
  const h = await provisionHospital(o, { id: uuidv7(), slug, name: slug, country: 'IN', currency: 'INR', timezone: 'Asia/Kolkata' });
  const s = `hospital_${slug}`; const key = newGatewayKey(); const gw = uuidv7();
  await o.query('insert into public.gateway (id,hospital_id,name) values ($1,$2,$3)', [gw, h.id, 'gw '+gw.slice(-6)]);
  await o.query('insert into public.gateway_key (key_id,hospital_id,gateway_id,secret_hash) values ($1,$2,$3,$4)', [key.keyId, h.id, gw, hashSecret(key.secret)]);
  await o.query(`insert into ${s}.ward (id, code, name) select ('00000000-0000-7000-8000-00000000000' || w)::uuid, 'W'||w, 'Ward '||w from generate_series(1,4) w on conflict do nothing`);
  const by = uuidv7();
  const p = gw.slice(-4);
  await o.query(`insert into ${s}.patient (id, mrn, family_name, given_name, created_by, updated_by) select gen_random_uuid(), '${p}-'||i, 'F'||i, 'G', $1, $1 from generate_series(1,$2::int) i`, [by, n]);
  await o.query(`insert into ${s}.device (id, external_id, gateway_id, kind, created_by, updated_by) select gen_random_uuid(), '${p}-mon-'||i, $1, 'bedside-monitor', $2, $2 from generate_series(1,$3::int) i`, [gw, by, n]);
  await o.query(`insert into ${s}.device_assignment (id, device_id, patient_id, ward_id, valid, created_by) select gen_random_uuid(), d.id, p.id, ('00000000-0000-7000-8000-00000000000' || (1 + row_number() over () % 4))::uuid, tstzrange(now() - interval '10 days', null), $1 from ${s}.device d join ${s}.patient p on p.mrn = '${p}-' || split_part(d.external_id, '-', 3) where d.gateway_id = $2`, [by, gw]);
  console.log(JSON.stringify({ hospital: h.id, slug, gateway: gw, key: formatGatewayKey(key), device: `${p}-mon-1`, prefix: `${p}-mon-` }));
});
