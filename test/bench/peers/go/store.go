package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

const (
	writers      = 3
	rowsPerFlush = 4_000
	// More than the bench has connections: who hands over a batch never waits for room.
	waitingLimit = 1_024
)

var columns = func() []string {
	names := []string{"patient_id", "device_no", "recorded_at"}
	for _, sign := range signs {
		names = append(names, sign.column)
	}
	return append(names, "flush_no", "writer")
}()

type waiting struct {
	batch *batch
	done  chan error
}

// store has the same idea as ingest: what waits goes out together, by COPY, while other transactions run.
type store struct {
	pool  *pgxpool.Pool
	queue chan waiting
}

func newStore(pool *pgxpool.Pool) *store {
	s := &store{pool: pool, queue: make(chan waiting, waitingLimit)}
	for i := 0; i < writers; i++ {
		go s.write()
	}
	return s
}

// store returns once the batch is committed.
func (s *store) store(of *batch) error {
	done := make(chan error, 1)
	s.queue <- waiting{of, done}
	return <-done
}

func (s *store) write() {
	for first := range s.queue {
		taken := s.take(first)
		err := s.pool.BeginFunc(context.Background(), func(tx pgx.Tx) error { return flush(tx, taken) })
		for _, one := range taken {
			one.done <- err
		}
	}
}

// take adds to the first all that waits already, up to the size of a flush.
func (s *store) take(first waiting) []waiting {
	taken := []waiting{first}
	for rows := len(first.batch.rows); rows < rowsPerFlush; {
		select {
		case next := <-s.queue:
			taken = append(taken, next)
			rows += len(next.batch.rows)
		default:
			return taken
		}
	}
	return taken
}

// flush writes batches of one hospital; the bench sends for one.
func flush(tx pgx.Tx, taken []waiting) error {
	ctx := context.Background()
	schema := taken[0].batch.caller.schema
	var places []string
	var ledger []interface{}
	for i, one := range taken {
		b := one.batch
		n := i * 6
		places = append(places, fmt.Sprintf("($%d,$%d,$%d,$%d,$%d,0,$%d)", n+1, n+2, n+3, n+4, n+5, n+6))
		ledger = append(ledger, b.day, b.caller.gatewayID, b.key, b.bodyHash, len(b.rows), b.rejected)
	}
	_, err := tx.Exec(ctx, `insert into `+schema+`.telemetry_request
		(day, gateway_id, batch_key, body_hash, accepted, duplicates, unassigned) values `+strings.Join(places, ","), ledger...)
	if err != nil {
		return err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{schema, "vitals"}, columns, &source{taken: taken, row: -1})
	return err
}

// source hands the rows of all batches to COPY.
type source struct {
	taken  []waiting
	row    int
	values [3 + len(signs) + 2]interface{}
}

func (s *source) Next() bool {
	s.row++
	for len(s.taken) > 0 && s.row == len(s.taken[0].batch.rows) {
		s.taken, s.row = s.taken[1:], 0
	}
	return len(s.taken) > 0
}

// Values are written out by pgx before it asks for the next ones.
func (s *source) Values() ([]interface{}, error) {
	r := &s.taken[0].batch.rows[s.row]
	s.values[0], s.values[1], s.values[2] = r.place.patientID, r.place.deviceNo, r.recordedAt
	copy(s.values[3:], r.values[:])
	s.values[3+len(signs)], s.values[4+len(signs)] = int64(0), int16(0)
	return s.values[:], nil
}

func (s *source) Err() error { return nil }
