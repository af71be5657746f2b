package fc

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

// beServer runs this process as an HTTP server, as a function in a custom runtime does.
func beServer() {
	if os.Getenv("BROKEN") != "" {
		fmt.Fprintln(os.Stderr, "BROKEN is set")
		os.Exit(3)
	}
	if os.Getenv("DEAF") != "" {
		select {}
	}
	http.HandleFunc("POST /invoke", serveInvoke)
	http.HandleFunc("GET /pre-stop", func(http.ResponseWriter, *http.Request) { note("preStop") })
	http.HandleFunc("HEAD /{$}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status()) })
	http.HandleFunc("/webhooks/{what...}", serveRequest)
	log.Fatal(http.ListenAndServe(net.JoinHostPort(os.Getenv("HOST"), os.Getenv("FC_CUSTOM_LISTEN_PORT")), nil))
}

func serveInvoke(w http.ResponseWriter, r *http.Request) {
	note("invoke")
	var o instruction
	err := json.NewDecoder(r.Body).Decode(&o)
	if err == nil {
		var answer any
		if answer, err = obey(r.Context(), o); err == nil {
			json.NewEncoder(w).Encode(answer)
			return
		}
	}
	w.Header().Set("X-Fc-Status", "404")
	http.Error(w, err.Error(), http.StatusNotFound)
}

// received describes a request that the function received.
type received struct {
	Method, Target, Host, Body string
	Header                     http.Header
	Pid                        int
	Environ                    []string
}

func serveRequest(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch r.PathValue("what") {
	case "echo":
		w.Header()["X-Mine"] = []string{"a", "b"}
		w.Header().Set("X-Fc-Mine", "x")
		w.Header().Set("Content-Disposition", "attachment; filename=a")
		w.WriteHeader(http.StatusCreated)
		w.Write(body)
	case "wait":
		note("waiting")
		<-r.Context().Done()
		note("canceled")
	case "abort":
		panic(http.ErrAbortHandler)
	default:
		json.NewEncoder(w).Encode(received{
			r.Method, r.RequestURI, r.Host, string(body), r.Header, os.Getpid(), os.Environ(),
		})
	}
}
