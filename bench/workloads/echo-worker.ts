/** Sends back what it gets: the floor of any call to a Worker. */

self.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
  postMessage(data, { transfer: [data] })
}
