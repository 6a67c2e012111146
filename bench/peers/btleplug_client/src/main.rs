//! btleplug.

mod measured;

use btleplug::api::{Central, CentralEvent, Characteristic, Manager as _, Peripheral as _, ScanFilter, WriteType};
use btleplug::platform::{Adapter, Manager, Peripheral};
use futures::StreamExt;
use measured::{refuse, say_ready, Arguments, Measurement, Repetitions, Values};
use std::error::Error;
use std::time::Duration;
use uuid::Uuid;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

async fn adapter() -> Outcome<Adapter> {
    let manager = Manager::new().await?;
    Ok(manager.adapters().await?.into_iter().next().ok_or("there is no adapter")?)
}

/// Those that a scan has found.
async fn devices_near(adapter: &Adapter, number: usize) -> Outcome<Vec<Peripheral>> {
    let mut events = adapter.events().await?;
    adapter.start_scan(ScanFilter::default()).await?;
    let mut found = 0;
    while found < number {
        if let Some(CentralEvent::DeviceDiscovered(_)) = events.next().await {
            found += 1;
        }
    }
    adapter.stop_scan().await?;
    Ok(adapter.peripherals().await?)
}

async fn connected(arguments: &Arguments) -> Outcome<(Peripheral, Characteristic)> {
    let device = devices_near(&adapter().await?, 1).await?.into_iter().next().ok_or("there is no device")?;
    device.connect().await?;
    device.discover_services().await?;
    let wanted: Uuid = arguments.text("uuid").parse()?;
    let all = device.characteristics();
    let found = all.into_iter().find(|one| one.uuid == wanted).ok_or("there is no such characteristic")?;
    Ok((device, found))
}

async fn notify(arguments: &Arguments) -> Outcome {
    if arguments.text("path") != "signals" {
        refuse("btleplug takes values by signals only");
    }
    let (device, characteristic) = connected(arguments).await?;
    let mut notifications = device.notifications().await?;
    device.subscribe(&characteristic).await?;
    let mut values = Values::new(arguments);
    say_ready();
    while let Some(notification) = notifications.next().await {
        if values.take(&notification.value) {
            break;
        }
    }
    values.print();
    Ok(device.disconnect().await?)
}

async fn read(arguments: &Arguments) -> Outcome {
    let (device, characteristic) = connected(arguments).await?;
    let mut repetitions = Repetitions::new(arguments);
    while repetitions.next() {
        device.read(&characteristic).await?;
    }
    repetitions.print();
    Ok(device.disconnect().await?)
}

async fn write(arguments: &Arguments) -> Outcome {
    let kind = match arguments.workload.as_str() {
        "write" => WriteType::WithResponse,
        _ => WriteType::WithoutResponse,
    };
    let (device, characteristic) = connected(arguments).await?;
    let payload = [0x5a; 20];
    let mut repetitions = Repetitions::new(arguments);
    while repetitions.next() {
        device.write(&characteristic, &payload, kind).await?;
    }
    repetitions.print();
    Ok(device.disconnect().await?)
}

/// Of one advertisement it makes several events; there is one with the signal strength.
async fn advertise(arguments: &Arguments) -> Outcome {
    let adapter = adapter().await?;
    let mut events = adapter.events().await?;
    adapter.start_scan(ScanFilter::default()).await?;
    say_ready();
    let mut repetitions = Repetitions::new(arguments);
    while repetitions.next() {
        while !matches!(events.next().await, Some(CentralEvent::RssiUpdate { .. })) {}
    }
    repetitions.print();
    Ok(adapter.stop_scan().await?)
}

async fn connect(arguments: &Arguments) -> Outcome {
    let devices = devices_near(&adapter().await?, arguments.number("devices")).await?;
    let mut measurement = Measurement::default();
    for (number, device) in devices.iter().enumerate() {
        let measured = number >= arguments.number("warm");
        if measured {
            measurement.begin();
        }
        device.connect().await?;
        device.discover_services().await?;
        let found = device.characteristics().len();
        if measured {
            measurement.end();
            measurement.count += 1;
        }
        if found < 100 {
            refuse(&format!("found {found} characteristics"));
        }
    }
    measurement.print();
    Ok(())
}

async fn run(arguments: &Arguments) -> Outcome {
    match arguments.workload.as_str() {
        "notify" => notify(arguments).await,
        "read" => read(arguments).await,
        "write" | "write_command" => write(arguments).await,
        "advertise" => advertise(arguments).await,
        "connect" => connect(arguments).await,
        other => refuse(&format!("{other} is no workload")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments = Arguments::new(std::env::args().skip(1));
    // No workload lasts as long, and it is what waits for something that never comes.
    match tokio::time::timeout(Duration::from_secs(120), run(&arguments)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => refuse(&error.to_string()),
        Err(_) => refuse("did not end within 120 s"),
    }
}
