package testpg

import "strconv"

// settings returns what differs from Postgres's defaults, and why. kept says
// that the data outlives the process.
func settings(socketDir string, port int, kept bool) map[string]string {
	fsync := "off" // a test's machine does not lose power; Kill9 is survived
	if kept {
		fsync = "on"
	}
	return map[string]string{
		"port":                       strconv.Itoa(port),
		"listen_addresses":           "127.0.0.1",
		"unix_socket_directories":    socketDir, // the default may not be writable
		"wal_level":                  "logical", // the relay reads the log
		"max_wal_senders":            "10",
		"max_replication_slots":      "10",
		"fsync":                      fsync,
		"shared_buffers":             "32MB",
		"max_connections":            "50",
		"wal_sender_timeout":         "60s",
		"log_min_messages":           "warning",
		"timezone":                   "UTC",
		"autovacuum":                 "on",
		"dynamic_shared_memory_type": "posix",
	}
}
