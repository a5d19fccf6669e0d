// A receiver of telemetry as one would build it in Go: net/http, encoding/json, pgx. It does what the Fastify receivers
// beside it do, and like them knows nothing of replays, moved devices, alarms, live wards or fairness.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/jackc/pgx/v4/pgxpool"
)

const (
	bodyLimit   = 4 << 20
	connections = 4
)

func main() {
	pool, err := connect(os.Getenv("INGEST_DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go endWithParent()
	http.Handle("/telemetry", &receiver{directory: newDirectory(pool), store: newStore(pool)})
	log.Fatal(http.Serve(listener, nil))
}

// connect works through PgBouncer: between transactions nothing is kept on a connection of the server.
func connect(url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = connections
	config.ConnConfig.PreferSimpleProtocol = true
	config.ConnConfig.BuildStatementCache = nil
	return pgxpool.ConnectConfig(context.Background(), config)
}

// endWithParent ends this process once the one that started it has closed its end of the pipe, or has died.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

type receiver struct {
	directory *directory
	store     *store
}

type receipt struct {
	Batch         string `json:"batch"`
	Accepted      int    `json:"accepted"`
	RejectedTotal int    `json:"rejectedTotal"`
}

// ServeHTTP answers after the commit.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	caller, err := r.directory.callerOf(request.Context(), request.Header.Get("Authorization"))
	if err != nil {
		fail(w, http.StatusInternalServerError, "internal")
		return
	}
	if caller == nil {
		fail(w, http.StatusUnauthorized, "auth.unauthenticated")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, bodyLimit))
	if err != nil {
		fail(w, http.StatusRequestEntityTooLarge, "body.too-large")
		return
	}
	batch, err := readBatch(caller, body)
	if err != nil {
		fail(w, http.StatusBadRequest, "body.malformed")
		return
	}
	if err := r.store.store(batch); err != nil {
		log.Print(err)
		fail(w, http.StatusInternalServerError, "internal")
		return
	}
	answer(w, http.StatusOK, receipt{batch.key, len(batch.rows), batch.rejected})
}

func fail(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]string{"code": code})
}

func answer(w http.ResponseWriter, status int, body interface{}) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
