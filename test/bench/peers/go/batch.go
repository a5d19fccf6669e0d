package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	oldest = 7 * 24 * time.Hour
	ahead  = 30 * time.Second
)

// sign is a column of vitals and the values it accepts.
type sign struct {
	key, column string
	low, high   float64
}

var signs = [...]sign{
	{"hr", "heart_rate", 0, 350},
	{"rr", "resp_rate", 0, 120},
	{"spo2", "spo2", 0, 100},
	{"sys", "systolic", 20, 320},
	{"dia", "diastolic", 10, 220},
	{"temp", "temperature", 20, 46},
}

// Where a cell goes that is no sign.
const (
	deviceSlot = -1 - iota
	timeSlot
)

// row is a reading; values that were not measured are nil.
type row struct {
	place      place
	recordedAt time.Time
	values     [len(signs)]interface{}
}

type batch struct {
	caller   *caller
	key, day string
	bodyHash int64
	rows     []row
	rejected int
}

// readBatch reads cols with rows, checking what ingest checks of them: known columns, ranges, times, devices and who
// wore them.
func readBatch(from *caller, body []byte) (*batch, error) {
	var given struct {
		Batch string
		Cols  []string
		Rows  [][]interface{}
	}
	if err := json.Unmarshal(body, &given); err != nil {
		return nil, err
	}
	slots, err := slotsOf(given.Cols)
	if err != nil {
		return nil, err
	}
	day, err := dayOf(given.Batch)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(body)
	read := &batch{
		caller:   from,
		key:      given.Batch,
		day:      day,
		bodyHash: int64(binary.BigEndian.Uint64(hash[:])),
		rows:     make([]row, 0, len(given.Rows)),
	}
	now := float64(time.Now().UnixMilli())
	for _, cells := range given.Rows {
		if one, ok := readRow(from, slots, cells, now); ok {
			read.rows = append(read.rows, one)
		}
	}
	read.rejected = len(given.Rows) - len(read.rows)
	return read, nil
}

func slotsOf(cols []string) ([]int, error) {
	slots := make([]int, len(cols))
	for i, col := range cols {
		slot, ok := slotOf(col)
		if !ok {
			return nil, fmt.Errorf("unknown column %q", col)
		}
		slots[i] = slot
	}
	return slots, nil
}

func slotOf(col string) (int, bool) {
	switch col {
	case "d":
		return deviceSlot, true
	case "t":
		return timeSlot, true
	}
	for i, sign := range signs {
		if sign.key == col {
			return i, true
		}
	}
	return 0, false
}

// dayOf is the day on which a UUIDv7 was made.
func dayOf(key string) (string, error) {
	digits := strings.ReplaceAll(key, "-", "")
	if len(digits) != 32 {
		return "", fmt.Errorf("no batch key: %q", key)
	}
	ms, err := strconv.ParseInt(digits[:12], 16, 64)
	return time.UnixMilli(ms).UTC().Format("2006-01-02"), err
}

func readRow(from *caller, slots []int, cells []interface{}, now float64) (row, bool) {
	var read row
	var at float64
	known := false
	if len(cells) != len(slots) {
		return read, false
	}
	for i, slot := range slots {
		switch number, isNumber := cells[i].(float64); {
		case slot == deviceSlot:
			name, _ := cells[i].(string)
			read.place, known = from.places[name]
		case slot == timeSlot:
			at = number
		case cells[i] == nil:
		case !isNumber || number < signs[slot].low || number > signs[slot].high:
			return read, false
		default:
			read.values[slot] = cells[i]
		}
	}
	if !known || at < now-ms(oldest) || at > now+ms(ahead) || at < read.place.from || at >= read.place.until {
		return read, false
	}
	read.recordedAt = time.UnixMilli(int64(at))
	return read, true
}

func ms(of time.Duration) float64 { return float64(of.Milliseconds()) }
