//! Which addresses may be called: public ones, and no way into a network that is not.
//!
//! A webhook's host is a name that someone else can give any address, and another one a second later. So it is not the
//! name that is checked, nor an address that the name once had, but each address as it is connected to: the client asks
//! [`Guarded`] for a name's addresses and gets no others. An address that is written in the URL is not looked up; it is
//! checked when the URL is read ([`super::url`]).
//!
//! What is public is what IANA's registries of special addresses say (RFC 6890 and its updates), IPv6 addresses that hold
//! one of IPv4 included.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use tokio::sync::Semaphore;

/// Ranges of IPv4 that are not for everyone, each with the bits that count.
const CLOSED: [(Ipv4Addr, u32); 16] = [
    // This network, and with it `0.0.0.0`, which is this computer.
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    // Private (RFC 1918).
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Behind a carrier's NAT (RFC 6598).
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    // This computer.
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // This link, and with it what a cloud tells its machines (RFC 3927).
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // The same in Azure.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // Protocols' own (RFC 6890).
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation (RFC 5737).
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Relays from 6to4, which are no more (RFC 7526).
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Benchmarks (RFC 2544).
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Multicast (RFC 5771).
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // Reserved (RFC 1112), and with it broadcast.
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Ranges within IPv6's global ones (`2000::/3`) that are not for everyone.
const CLOSED_6: [(Ipv6Addr, u32); 4] = [
    // Protocols' own (RFC 2928): Teredo, benchmarks, ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation (RFC 3849, RFC 9637).
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    // 6to4, which is no more (RFC 7526), and holds any address of IPv4.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

/// Whether an address may be called for someone else: whether it is public.
pub fn may_be_called(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) => is_public_6(address),
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    let is_in = |(first, prefix): &(Ipv4Addr, u32)| {
        (address.to_bits() ^ first.to_bits()) >> (32 - prefix) == 0
    };
    !CLOSED.iter().any(is_in)
}

fn is_public_6(address: Ipv6Addr) -> bool {
    // The system calls the address of IPv4 that is in it.
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_4(inner);
    }
    // So does a network that has IPv6 alone, through NAT64 (RFC 6052).
    if let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() {
        return is_public_4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    }
    let is_global = address.segments()[0] & 0xe000 == 0x2000;
    let is_in = |(first, prefix): &(Ipv6Addr, u32)| {
        (address.to_bits() ^ first.to_bits()) >> (128 - prefix) == 0
    };
    is_global && !CLOSED_6.iter().any(is_in)
}

/// The address that a URL's host is, where it is no name.
pub fn host_address(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host).parse().ok()
}

/// A name has addresses, and none that may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("none of the host's addresses may be called")]
pub struct Closed;

/// A name has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the host has no address")]
pub struct Unresolved;

/// The addresses of names that may be called.
pub struct Guarded {
    names: Arc<dyn Resolve>,
    allow_private: bool,
}

impl Guarded {
    /// Of the addresses that `names` finds, those that may be called; all of them with `allow_private`.
    pub fn new(names: Arc<dyn Resolve>, allow_private: bool) -> Guarded {
        Guarded {
            names,
            allow_private,
        }
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.names.resolve(name);
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = found.await?.collect();
            if found.is_empty() {
                return Err(Unresolved.into());
            }
            let open: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| allow_private || may_be_called(address.ip()))
                .collect();
            match open.is_empty() {
                true => Err(Closed.into()),
                false => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}

/// The system's own resolver, which has a thread for as long as it takes: longer, maybe, than anyone waits for it.
pub struct SystemNames {
    threads: Arc<Semaphore>,
}

impl Default for SystemNames {
    fn default() -> SystemNames {
        SystemNames {
            threads: Arc::new(Semaphore::new(SystemNames::THREADS)),
        }
    }
}

impl SystemNames {
    /// So many names are looked up at once, however long each takes.
    const THREADS: usize = 64;
}

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        let threads = Arc::clone(&self.threads);
        Box::pin(async move {
            let thread = threads.acquire_owned().await?;
            let looked_up = tokio::task::spawn_blocking(move || {
                // Given back when the thread is free, not when nobody waits any more.
                let _thread = thread;
                (name.as_str(), 0)
                    .to_socket_addrs()
                    .map(Iterator::collect::<Vec<_>>)
            });
            let found = looked_up.await?.map_err(|_| Unresolved)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ends of each range, and their neighbours.
    #[test]
    fn what_is_public_is_as_the_registries_say() {
        let closed = [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.0.0",
            "169.254.169.254",
            "169.254.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.0",
            "192.0.0.255",
            "192.0.2.0",
            "192.0.2.255",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.0",
            "239.255.255.255",
            "240.0.0.0",
            "255.255.255.255",
            // Unspecified, loopback, compatible with IPv4, mapped.
            "::",
            "::1",
            "::7f00:1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::ffff:169.254.169.254",
            // NAT64, of a private address; of a network's own.
            "64:ff9b::127.0.0.1",
            "64:ff9b::192.168.1.1",
            "64:ff9b:1::8.8.8.8",
            "64:ff9b::1:808:808",
            // Discard, Teredo, benchmarks, ORCHID, documentation, 6to4.
            "100::1",
            "2001::1",
            "2001:0:7f00:1::",
            "2001:2::1",
            "2001:20::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff:ffff::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            // Unique local, link-local, site-local, multicast, segment routing, and what nobody has.
            "fc00::1",
            "fd00:ec2::254",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
            "4000::1",
            "1fff::1",
        ];
        for text in closed {
            assert!(!may_be_called(text.parse().expect(text)), "{text}");
        }
        let open = [
            "1.0.0.0",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:200::1",
            "2001:db7::1",
            "2001:db9::1",
            "2003::1",
            "2606:4700::1",
            "2a00::1",
            "3ffe:ffff::1",
            "3fff:1000::1",
        ];
        for text in open {
            assert!(may_be_called(text.parse().expect(text)), "{text}");
        }
    }

    struct Names(Vec<IpAddr>);

    impl Resolve for Names {
        fn resolve(&self, _: Name) -> Resolving {
            let found: Vec<_> = self.0.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
            Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
        }
    }

    #[tokio::test]
    async fn of_a_names_addresses_those_are_left_that_may_be_called() {
        let resolve = async |texts: &[&str], allow_private| {
            let addresses = texts.iter().map(|text| text.parse().expect("an address"));
            let names = Guarded::new(Arc::new(Names(addresses.collect())), allow_private);
            let found = names.resolve("hook.example".parse().expect("a name")).await;
            found.map(|found| found.map(|at| at.ip().to_string()).collect::<Vec<_>>())
        };
        let mixed = ["10.0.0.1", "8.8.8.8", "::1", "2606:4700::1"];
        let open = resolve(&mixed, false).await.expect("addresses");
        assert_eq!(open, ["8.8.8.8", "2606:4700::1"]);
        assert_eq!(resolve(&mixed, true).await.expect("addresses"), mixed);
        let closed = resolve(&["127.0.0.1"], false).await.expect_err("closed");
        assert!(closed.is::<Closed>());
        let none = resolve(&[], true).await.expect_err("none");
        assert!(none.is::<Unresolved>());
    }

    #[tokio::test]
    async fn the_system_knows_this_computer_and_not_what_cannot_be() {
        let names = SystemNames::default();
        let here = names.resolve("localhost".parse().expect("a name")).await;
        assert!(here.expect("addresses").all(|at| at.ip().is_loopback()));
        let none = names
            .resolve("nothing.invalid".parse().expect("a name"))
            .await;
        assert!(none.map(drop).expect_err("none").is::<Unresolved>());
        assert_eq!(names.threads.available_permits(), SystemNames::THREADS);
    }
}
