"""Shows that the validators are right, and how little some of them prove.

    python3 verify_checks.py                     every public vector of vectors.json
    python3 verify_checks.py --stdnum 20000      disagreements with python-stdnum (pip) on random well-shaped values
    python3 verify_checks.py --random 100000     percent of random digit strings that pass, by length and type
"""
import argparse
import importlib
import json
import pathlib
import random

from checks import CHECKS
from make_ids import SHAPES, fill_shape

STDNUM = dict(
    SSN="us.ssn", ITIN="us.itin", ATIN="us.atin", PTIN="us.ptin", EIN="us.ein", ROUTING="us.rtn", NHS="gb.nhs",
    UK_UTR="gb.utr", IE_PPS="ie.pps", DE_TAX="de.idnr", FR_NIR="fr.nir", ES_DNI="es.nif", IT_CF="it.codicefiscale",
    NL_BSN="nl.bsn", BE_NRN="be.nn", PL_PESEL="pl.pesel", SE_PNR="se.personnummer", FI_HETU="fi.hetu",
    NO_FNR="no.fodselsnummer", DK_CPR="dk.cpr", IS_KENNITALA="is_.kennitala", AT_SVNR="at.vnr", CH_AHV="ch.ssn",
    PT_NIF="pt.nif", CZ_RC="cz.rc", RO_CNP="ro.cnp", BG_EGN="bg.egn", GR_AMKA="gr.amka", HR_OIB="hr.oib",
    SI_EMSO="si.emso", EE_IK="ee.ik", TR_TCKN="tr.tckimlik", IL_ID="il.idnr", ZA_ID="za.idnr", AADHAAR="in_.aadhaar",
    IN_PAN="in_.pan", IN_GSTIN="in_.gstin", IN_EPIC="in_.epic", TFN="au.tfn", AU_ABN="au.abn", NZ_IRD="nz.ird",
    MY_NRIC="my.nric", TH_PIN="th.pin", KR_RRN="kr.rrn", CN_ID="cn.ric", JP_MYNUMBER="jp.in_", JP_CORPORATE="jp.cn",
    CPF="br.cpf", CNPJ="br.cnpj", SIN="ca.sin", MX_CURP="mx.curp", MX_RFC="mx.rfc", CL_RUT="cl.rut", CO_NIT="co.nit",
    AR_CUIT="ar.cuit", IMEI="imei")


def run_vectors():
    vectors = json.loads((pathlib.Path(__file__).parent / "vectors.json").read_text())
    missing = CHECKS.keys() - vectors.keys()
    wrong = [(t, want, v) for t, sets in vectors.items() for want in ("valid", "invalid") for v in sets[want]
             if CHECKS[t](v) != (want == "valid")]
    for row in wrong:
        print("wrong:", *row)
    count = sum(len(s["valid"]) + len(s["invalid"]) for s in vectors.values())
    print(f"{count} vectors over {len(vectors)} types, {len(wrong)} wrong, without vectors: {sorted(missing) or 'none'}")
    return not wrong and not missing


def compare(n, rng):
    for kind, module in STDNUM.items():
        theirs = importlib.import_module("stdnum." + module)
        only_ours, only_theirs, both = [], [], 0
        for _ in range(n):
            v = fill_shape(SHAPES[kind], rng)
            a, b = CHECKS[kind](v), theirs.is_valid(v)
            both += a and b
            if a != b:
                (only_ours if a else only_theirs).append(v)
        print(f"{kind:14s} both {both:6d}  only ours {len(only_ours):5d} {only_ours[:2]}  "
              f"only stdnum {len(only_theirs):5d} {only_theirs[:2]}")


def random_pass(n, rng):
    for length in range(8, 20):
        drawn = ["".join(rng.choices("0123456789", k=length)) for _ in range(n)]
        shares = {kind: 100 * sum(map(check, drawn)) / n for kind, check in CHECKS.items()}
        any_hit = 100 * sum(any(check(v) for check in CHECKS.values()) for v in drawn[:n // 10]) / (n // 10)
        listed = "  ".join(f"{k} {v:.2f}" for k, v in sorted(shares.items(), key=lambda kv: -kv[1]) if v)
        print(f"{length:2d} digits, any {any_hit:5.1f} %: {listed}")


if __name__ == "__main__":
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--stdnum", type=int, default=0, metavar="N")
    ap.add_argument("--random", type=int, default=0, metavar="N")
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    if a.stdnum:
        compare(a.stdnum, random.Random(a.seed))
    elif a.random:
        random_pass(a.random, random.Random(a.seed))
    else:
        raise SystemExit(0 if run_vectors() else 1)
