// Command peer is what the tests run in pods: a server and a client without a
// shell around them.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "get" {
		get(os.Args[2])
		return
	}
	fmt.Println("peer is up as user", os.Getuid())
	go lines()
	fail(http.ListenAndServe(":8080", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello from %s", os.Getenv("HOSTNAME"))
	})))
}

// get prints what a server answers, or fails within two seconds.
func get(url string) {
	client := http.Client{Timeout: 2 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		fail(err)
	}
	_, err = io.Copy(os.Stdout, response.Body)
	if err != nil {
		fail(err)
	}
}

// lines answers each connection with the first line that it sent.
func lines() {
	listener, err := net.Listen("tcp", ":8081")
	if err != nil {
		fail(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		go func() {
			defer connection.Close()
			line, _ := bufio.NewReader(connection).ReadString('\n')
			fmt.Fprint(connection, line)
		}()
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
