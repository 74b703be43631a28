package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

func runEtcd(args []string) error {
	flags := flag.NewFlagSet("etcd", flag.ExitOnError)
	dataDir := flags.String("data-dir", "", "directory of the database")
	clientPort := flags.Int("client-port", 0, "port for clients on 127.0.0.1")
	peerPort := flags.Int("peer-port", 0, "port for peers on 127.0.0.1")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dataDir == "" || *clientPort == 0 || *peerPort == 0 {
		return errors.New("--data-dir, --client-port and --peer-port are required")
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)

	etcd, err := embed.StartEtcd(etcdConfig(*dataDir, *clientPort, *peerPort))
	if err != nil {
		return err
	}
	defer etcd.Close()
	select {
	case <-etcd.Server.ReadyNotify():
		fmt.Printf("etcd is ready on 127.0.0.1:%d\n", *clientPort)
	case err := <-etcd.Err():
		return err
	case <-stop:
		return nil
	}
	select {
	case err := <-etcd.Err():
		return err
	case <-stop:
		return nil
	}
}

func etcdConfig(dataDir string, clientPort, peerPort int) *embed.Config {
	config := embed.NewConfig()
	config.Dir = dataDir
	config.ListenClientUrls = loopback(clientPort)
	config.AdvertiseClientUrls = config.ListenClientUrls
	config.ListenPeerUrls = loopback(peerPort)
	config.AdvertisePeerUrls = config.ListenPeerUrls
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.LogLevel = "error"
	// A test's data may vanish with the machine, and a slow disk is nothing to warn about.
	config.UnsafeNoFsync = true
	config.WarningUnaryRequestDuration = time.Minute
	return config
}

func loopback(port int) []url.URL {
	return []url.URL{{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}}
}
