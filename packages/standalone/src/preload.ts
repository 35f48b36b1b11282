// Loads everything that a start loads, threads included, and starts nothing: for filling the compile cache.
import "@headgate/gateway/worker";
import "@headgate/store/thread-worker";
import "./headgate.ts";
