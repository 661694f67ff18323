"""Janus is configured in a folder of its own: one plugin, one transport, nothing of /etc, no admin interface."""

from pathlib import Path

from deploy.load import janus


def test_the_configuration_names_only_its_own_folder(tmp_path: Path) -> None:
    janus.write_config(tmp_path, "10.77.0.1")
    texts = [path.read_text() for path in tmp_path.glob("*.jcfg")]
    assert len(texts) == 3
    assert not any("/etc" in text for text in texts)
    assert all(str(tmp_path) in part for part in janus.command(tmp_path)[1:])


def test_one_plugin_and_one_transport_are_loaded(tmp_path: Path) -> None:
    janus.write_config(tmp_path, "10.77.0.1")
    assert [path.name for path in (tmp_path / "plugins").iterdir()] == ["libjanus_streaming.so"]
    assert [path.name for path in (tmp_path / "transports").iterdir()] == ["libjanus_http.so"]
    assert list((tmp_path / "none").iterdir()) == []


def test_it_listens_on_one_address_and_has_no_admin_interface(tmp_path: Path) -> None:
    janus.write_config(tmp_path, "10.77.0.1")
    http = (tmp_path / "janus.transport.http.jcfg").read_text()
    assert 'ip = "10.77.0.1"' in http
    assert "admin_http = false, admin_https = false" in http
    assert 'audioiface = "127.0.0.1"' in (tmp_path / "janus.plugin.streaming.jcfg").read_text()
    assert janus.rest_url("10.77.0.1") == "http://10.77.0.1:8088/janus"
