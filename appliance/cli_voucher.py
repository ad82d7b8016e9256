"""``qaqpa voucher``: batches made, printed, listed, declared void. Must not know: how one is redeemed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from appliance import vouchers
from appliance.cli_desk import staff_option
from appliance.cli_options import config as _config
from appliance.cli_refusals import ask
from appliance.config import load
from appliance.wire_desk import ListVouchers, MadeVouchers, MakeVouchers, VoidVouchers, Vouchers

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def voucher() -> None:
    """Make, list and void vouchers."""


@voucher.command()
@_config
@click.argument("count", type=click.IntRange(1, 500))
@click.option("--label", default="", help="What you call the batch; printed on each voucher.")
@click.option("--hours", type=click.FloatRange(0, 720), default=0.0, help="How long a visit lasts; 0: no limit.")
@click.option("--quota-mb", type=click.IntRange(0, 10_000_000), default=0, help="How much it may use; 0: no limit.")
@click.option("--valid-days", type=click.IntRange(1, 1096), default=90, show_default=True, help="Until when.")
@click.option("--sheet", type=click.Path(dir_okay=False, path_type=Path), help="Print them on A4 into this PDF file.")
@staff_option
@_json
def make(
    path: Path,
    count: int,
    label: str,
    hours: float,
    quota_mb: int,
    valid_days: int,
    sheet: Path | None,
    staff: str,
    as_json: bool,
) -> None:
    """Make COUNT vouchers. Their codes are shown this once: nobody can read them again."""
    from paper.voucher_sheet import Sheet, write

    config = load(path)
    if sheet is not None:
        sheet.touch(mode=0o600, exist_ok=False)  # what cannot be printed is not made
    request = MakeVouchers(
        staff=staff, label=label, count=count, max_s=round(hours * 3600), quota_mb=quota_mb, valid_days=valid_days
    )
    try:
        made = ask(config, request)
    except BaseException:
        if sheet is not None:
            sheet.unlink()
        raise
    assert isinstance(made, MadeVouchers)
    if sheet is not None:
        terms = [f"{hours:g} h" if hours else "", f"{quota_mb} MB" if quota_mb else "", f"{valid_days} d"]
        about = Sheet(
            config.venue.name, label, made.batch, " · ".join(filter(None, terms)), f"http://{config.portal_host}"
        )
        sheet.write_bytes(write(about, [vouchers.grouped(code) for code in made.codes]))
    if as_json:
        click.echo(msgspec.json.encode({"batch": made.batch, "codes": made.codes}).decode())
    elif sheet is None:
        for code in made.codes:
            click.echo(vouchers.grouped(code))
    click.echo(f"batch {made.batch}: {len(made.codes)} vouchers{f' in {sheet}' if sheet else ''}", err=True)


@voucher.command("list")
@_config
@staff_option
@_json
def list_(path: Path, staff: str, as_json: bool) -> None:
    """List all batches, the oldest first."""
    config = load(path)
    told = ask(config, ListVouchers(staff=staff))
    assert isinstance(told, Vouchers)
    if as_json:
        click.echo(msgspec.json.encode(told.batches).decode())
        return
    for batch in told.batches:
        until = datetime.fromtimestamp(batch.expires_utc_ms / 1000, UTC).astimezone(config.venue.zone)
        state = "void" if batch.void else f"until {until:%Y-%m-%d}"
        click.echo(f"{batch.batch}  {batch.used:>3} of {batch.count:>3} used  {state:<16}  {batch.label}")
    if not told.batches:
        click.echo("there are no vouchers", err=True)


@voucher.command()
@_config
@click.argument("batch")
@staff_option
def void(path: Path, batch: str, staff: str) -> None:
    """Nobody may redeem BATCH any more; visits that began with it go on."""
    ask(load(path), VoidVouchers(staff=staff, batch=batch))
    click.echo(f"batch {batch} is void")
