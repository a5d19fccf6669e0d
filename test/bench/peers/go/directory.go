package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"math"
	"regexp"
	"sync"

	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

var authorizationForm = regexp.MustCompile(`^Bearer dk_([a-z0-9]{12})_([\w-]{43})$`)

// place is who wears a device, from and until milliseconds since the epoch; until is exclusive.
type place struct {
	deviceNo    int32
	patientID   [16]byte
	from, until float64
}

// caller is a gateway, with the places of its devices by their names.
type caller struct {
	gatewayID string
	schema    string
	places    map[string]place
}

// directory knows who may send what, looked up once for each key. Unlike ingest it never hears of a change.
type directory struct {
	pool    *pgxpool.Pool
	callers sync.Map
}

func newDirectory(pool *pgxpool.Pool) *directory {
	return &directory{pool: pool}
}

// callerOf is nil where nobody has that key.
func (d *directory) callerOf(ctx context.Context, authorization string) (*caller, error) {
	if known, ok := d.callers.Load(authorization); ok {
		return known.(*caller), nil
	}
	found, err := d.find(ctx, authorization)
	if err == nil {
		d.callers.Store(authorization, found)
	}
	return found, err
}

func (d *directory) find(ctx context.Context, authorization string) (*caller, error) {
	parts := authorizationForm.FindStringSubmatch(authorization)
	if parts == nil {
		return nil, nil
	}
	var found caller
	var hash []byte
	err := d.pool.QueryRow(ctx,
		`select k.secret_hash, k.gateway_id::text, 'hospital_' || h.slug
		   from public.gateway_key k join public.hospital h on h.id = k.hospital_id
		  where k.key_id = $1 and k.revoked_at is null`, parts[1]).Scan(&hash, &found.gatewayID, &found.schema)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	given := sha256.Sum256([]byte(parts[2]))
	if subtle.ConstantTimeCompare(given[:], hash) != 1 {
		return nil, nil
	}
	found.places, err = d.placesOf(ctx, found)
	return &found, err
}

func (d *directory) placesOf(ctx context.Context, of caller) (map[string]place, error) {
	rows, err := d.pool.Query(ctx,
		`select d.external_id, d.device_no, a.patient_id, extract(epoch from lower(a.valid))::float8 * 1000
		   from `+of.schema+`.device d join `+of.schema+`.device_assignment a on a.device_id = d.id
		  where d.gateway_id = $1 and upper_inf(a.valid)`, of.gatewayID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	places := map[string]place{}
	for rows.Next() {
		var name string
		at := place{until: math.Inf(1)}
		if err := rows.Scan(&name, &at.deviceNo, &at.patientID, &at.from); err != nil {
			return nil, err
		}
		places[name] = at
	}
	return places, rows.Err()
}
